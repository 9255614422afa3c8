-- SPDX-License-Identifier: EUPL-1.2
-- ISTAT's region codes, with 21 and 22 for the provinces of Bolzano and Trento in place of 04; beside them the codes of the
-- labour systems' SAP world ("Classificazioni Standard", Tabella Regioni), which are not ISTAT's.
INSERT INTO region (code, name, sap_code) VALUES
    ('01', 'Piemonte', '13'), ('02', 'Valle d''Aosta', '20'), ('03', 'Lombardia', '10'), ('21', 'Bolzano', '03'),
    ('22', 'Trento', '18'), ('05', 'Veneto', '21'), ('06', 'Friuli-Venezia Giulia', '07'), ('07', 'Liguria', '09'),
    ('08', 'Emilia-Romagna', '06'), ('09', 'Toscana', '17'), ('10', 'Umbria', '19'), ('11', 'Marche', '11'),
    ('12', 'Lazio', '08'), ('13', 'Abruzzo', '01'), ('14', 'Molise', '12'), ('15', 'Campania', '05'),
    ('16', 'Puglia', '14'), ('17', 'Basilicata', '02'), ('18', 'Calabria', '04'), ('19', 'Sicilia', '16'),
    ('20', 'Sardegna', '15');
