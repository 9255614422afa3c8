# SPDX-License-Identifier: EUPL-1.2
"""What people are called and where they were born.

Common names in Italy, some chosen because a fiscal code treats them oddly: short ones (Fo, Re, Eva), with an apostrophe, a blank or
an accent, given names of four consonants and more.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """A country of birth by its Belfiore code (Z…), the names usual there, and its weight among those born abroad."""

    code: str
    weight: float
    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


ITALIAN_WOMEN = _names(
    "Maria, Anna, Giulia, Francesca, Rosa, Angela, Giovanna, Teresa, Lucia, Carmela, Caterina, Antonella, Elena, Laura, Sara, "
    "Martina, Chiara, Alessia, Valentina, Paola, Patrizia, Daniela, Rita, Silvia, Simona, Monica, Cristina, Barbara, Concetta, "
    "Giuseppina, Immacolata, Assunta, Filomena, Eva, Ida, Ada, Noemi, Beatrice, Sofia, Aurora, Ginevra, Alice, Emma, Gaia, "
    "Anna Maria, Maria Grazia, Rosaria, Loredana, Tiziana, Federica, Ilaria, Veronica, Michela, Roberta, Stefania, Serena"
)
ITALIAN_MEN = _names(
    "Giuseppe, Antonio, Giovanni, Francesco, Mario, Luigi, Vincenzo, Salvatore, Angelo, Pietro, Domenico, Carlo, Andrea, Marco, "
    "Alessandro, Matteo, Lorenzo, Davide, Simone, Federico, Riccardo, Gabriele, Leonardo, Tommaso, Edoardo, Nicolò, Michele, "
    "Stefano, Roberto, Paolo, Massimo, Maurizio, Claudio, Fabio, Daniele, Ugo, Leo, Elia, Gennaro, Ciro, Pasquale, Raffaele, "
    "Rocco, Gaetano, Carmelo, Rosario, Sergio, Enrico, Giorgio, Emanuele, Cristian, Gian Luca, Pier Paolo, Filippo, Diego"
)
ITALIAN_FAMILIES = _names(
    "Rossi, Russo, Ferrari, Esposito, Bianchi, Romano, Colombo, Ricci, Marino, Greco, Bruno, Gallo, Conti, De Luca, Mancini, "
    "Costa, Giordano, Rizzo, Lombardi, Moretti, Barbieri, Fontana, Santoro, Mariani, Rinaldi, Caruso, Ferrara, Galli, Martini, "
    "Leone, Longo, Gentile, Martinelli, Vitale, Lombardo, Serra, Coppola, De Santis, D'Angelo, Marchetti, Parisi, Villa, Conte, "
    "Ferraro, Ferri, Fabbri, Bianco, Marini, Grasso, Valentini, Messina, Sala, De Angelis, Gatti, Pellegrini, Palumbo, Sanna, "
    "Farina, Rizzi, Monti, Cattaneo, Morelli, Amato, Silvestri, Mazza, Testa, Grassi, Pellegrino, Carbone, Giuliani, Benedetti, "
    "Barone, Rossetti, Caputo, Montanari, Guerra, Palmieri, Bernardi, Martino, Fiore, De Rosa, Ferretti, Bellini, Basile, Riva, "
    "Donati, Piras, Vitali, Battaglia, Sartori, Neri, Costantini, Milani, Pagano, Ruggiero, Sorrentino, D'Amico, Orlando, Negri, "
    "Fo, Re, Bo, Aiello, Ieva, Lo Presti, Dell'Aquila, Pedrotti, Mair, Hofer, Brunetti, Cocco, Melis, Zanella, Furlan, Novak"
)

ORIGINS = (
    Origin(
        "Z129", 22,
        _names("Elena, Mihaela, Cristina, Andreea, Ioana, Daniela"), _names("Ion, Andrei, Mihai, Gheorghe, Vasile, Florin"),
        _names("Popa, Popescu, Ionescu, Dumitru, Stan, Munteanu, Rusu, Ciobanu"),
    ),
    Origin(
        "Z330", 16,
        _names("Fatima, Khadija, Aicha, Naima, Samira, Hanane"), _names("Mohamed, Ahmed, Youssef, Hassan, Said, Abdelkader"),
        _names("El Idrissi, Alaoui, Bennani, Fassi, Tazi, Amrani, Naciri, Ouali"),
    ),
    Origin(
        "Z100", 14,
        _names("Elira, Mimoza, Valbona, Arta, Ermira, Drita"), _names("Arben, Ilir, Agron, Besnik, Dritan, Gezim"),
        _names("Hoxha, Shehu, Prifti, Kola, Gjoka, Leka, Dervishi, Marku"),
    ),
    Origin(
        "Z138", 9,
        _names("Oksana, Olena, Natalia, Tetyana, Iryna, Svitlana"), _names("Oleksandr, Andriy, Ivan, Serhiy, Mykola, Petro"),
        _names("Shevchenko, Kovalenko, Bondarenko, Tkachenko, Melnyk, Boyko"),
    ),
    Origin(
        "Z335", 6,
        _names("Blessing, Joy, Mercy, Faith, Precious, Gift"), _names("Emmanuel, Samuel, Victor, Collins, Kelvin, Sunday"),
        _names("Osagie, Okafor, Eze, Igbinedion, Okonkwo, Obi"),
    ),
    Origin(
        "Z249", 5,
        _names("Nasrin, Shirin, Rokeya, Salma, Fatema, Rina"), _names("Abdul, Rahim, Karim, Kamal, Jamal, Shafiq"),
        _names("Islam, Hossain, Rahman, Miah, Uddin, Begum"),
    ),
    Origin(
        "Z236", 4,
        _names("Ayesha, Bushra, Saima, Nadia, Zainab, Rubina"), _names("Muhammad, Ali, Imran, Tariq, Asif, Usman"),
        _names("Khan, Ahmed, Hussain, Iqbal, Malik, Butt"),
    ),
    Origin(
        "Z336", 4,
        _names("Mariam, Nour, Heba, Amal, Dina, Rania"), _names("Mahmoud, Mostafa, Khaled, Sameh, Hany, Ashraf"),
        _names("Ibrahim, Hassanein, Mansour, Saleh, Farag, Attia"),
    ),
    Origin(
        "Z352", 4,
        _names("Amira, Leila, Sonia, Rim, Ines, Wafa"), _names("Mehdi, Walid, Sami, Nizar, Hatem, Anis"),
        _names("Trabelsi, Gharbi, Jaziri, Mejri, Ayari, Bouzid"),
    ),
    Origin(
        "Z343", 3,
        _names("Aminata, Fatou, Awa, Mariama, Ndeye, Khady"), _names("Mamadou, Ousmane, Cheikh, Ibrahima, Moussa, Modou"),
        _names("Diop, Ndiaye, Fall, Sow, Gueye, Ba"),
    ),
    Origin(
        "Z611", 4,
        _names("Rosa, Carmen, Milagros, Luz, Julia, Pilar"), _names("Jorge, Luis, Carlos, Miguel, Jesús, Víctor"),
        _names("Quispe, Flores, Rojas, Sánchez, Ramos, Huamán"),
    ),
    Origin(
        "Z605", 3,
        _names("Gabriela, Verónica, Jessica, Mónica, Diana, Paola"), _names("Juan, José, Ángel, Segundo, Wilson, Édgar"),
        _names("Zambrano, Mora, Vera, Cedeño, Mendoza, Moreira"),
    ),
    Origin(
        "Z140", 4,
        _names("Ludmila, Galina, Valentina, Tatiana, Rodica, Aliona"), _names("Vladimir, Sergiu, Victor, Igor, Dumitru, Oleg"),
        _names("Rotaru, Cebotari, Lungu, Moraru, Ursu, Ceban"),
    ),
    Origin(
        "Z602", 2,
        _names("Ana, Juliana, Aline, Camila, Renata, Luciana"), _names("João, Paulo, Rafael, Thiago, Marcelo, Bruno"),
        _names("Silva, Souza, Oliveira, Pereira, Lima, Araújo"),
    ),
)  # fmt: skip
