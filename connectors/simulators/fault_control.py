# SPDX-License-Identifier: EUPL-1.2
"""The simulators' switches from outside, by HTTP, at an address of its own: the agencies' paths stay as their contracts have them.

    GET    /faults                        how all of them stand
    DELETE /faults                        everything works again, and every clock goes right
    GET    /faults/NAME                   how one stands: what there is to switch, what is set, what came in
    PUT    /faults/NAME                   every operation without a fault of its own fails as the body says
    PUT    /faults/NAME/OPERATION         this one does
    DELETE /faults/NAME[/OPERATION]       lifts what was set; of NAME alone everything, and its clock goes right
    PUT    /clocks/NAME                   {"ahead": seconds}
    DELETE /clocks/NAME                   the clock goes right

Of an agency that leaves files, operations are flows: what is set or lifted sends their files anew. What cannot be done is refused by RFC 7807,
with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.simulators.fault_requests import FaultRefused, clock_of, fault_of, file_fault_of, read_object
from connectors.simulators.faults import EVERY, Fault, Faults
from connectors.simulators.filing_simulator import OF_COLUMNS, FilingSimulator

MOST_BYTES: Final = 10_000
"""Of a request's body."""


class NoSuchSwitch(FaultRefused):
    """There is no agency, or no operation, of this name."""


class Switches(Protocol):
    """One agency's switches. Each method may raise FaultRefused."""

    def stand(self) -> Mapping[str, Any]:
        """How they stand, as JSON."""

    def set(self, operation: str | None, about: Mapping[str, Any]) -> None:
        """Let an operation fail as this says; None: every one."""

    def set_clock(self, about: Mapping[str, Any] | None) -> None:
        """Let the clock run as this says; None: right."""

    def clear(self, operation: str | None) -> None:
        """Let an operation work again; None: every one, and the clock go right."""


class HttpSwitches:
    """Those of an agency that serves HTTP."""

    def __init__(self, address: str, faults: Faults, operations: tuple[str, ...], *, has_clock: bool) -> None:
        """Take where it answers, its faults, the names of its operations, and whether it looks at a clock at all."""
        self._address = address
        self._faults = faults
        self._operations = operations
        self._has_clock = has_clock

    def stand(self) -> Mapping[str, Any]:
        """See `Switches.stand`."""
        return {
            "address": self._address,
            "operations": self._operations,
            "clock": {"ahead": self._faults.ahead} if self._has_clock else None,
            "faults": {name: _told(one) for name, one in self._faults.standing().items()},
            "calls": {name: self._faults.calls(name) for name in self._operations},
        }

    def set(self, operation: str | None, about: Mapping[str, Any]) -> None:
        """See `Switches.set`."""
        self._faults.set(_known(operation, self._operations) or EVERY, fault_of(about))

    def set_clock(self, about: Mapping[str, Any] | None) -> None:
        """See `Switches.set_clock`."""
        if not self._has_clock:
            raise FaultRefused("It looks at no clock: its contract has nothing that ends.")
        self._faults.set_clock(0.0 if about is None else clock_of(about))

    def clear(self, operation: str | None) -> None:
        """See `Switches.clear`."""
        self._faults.clear(_known(operation, self._operations))


class FileSwitches:
    """Those of an agency that leaves files: they are sent anew, wrong as was asked, and right when that is lifted."""

    def __init__(self, filing: FilingSimulator) -> None:
        """Take the agency."""
        self._filing = filing

    def stand(self) -> Mapping[str, Any]:
        """See `Switches.stand`."""
        return {
            "folder": str(self._filing.folder),
            "operations": self._filing.flows,
            "clock": None,
            "faults": {name: {"kind": one} for name, one in self._filing.faults.items()},
            "sent": self._filing.sent,
        }

    def set(self, operation: str | None, about: Mapping[str, Any]) -> None:
        """See `Switches.set`."""
        fault = file_fault_of(about)
        if fault in OF_COLUMNS and not self._filing.has_columns:
            raise FaultRefused(f"{fault} is for CSV files; these are {self._filing.format}.")
        self._filing.send(self._flows(operation), fault)

    def set_clock(self, about: Mapping[str, Any] | None) -> None:  # noqa: ARG002 (there is nothing to look at)
        """See `Switches.set_clock`."""
        raise FaultRefused("Who leaves files looks at no clock.")

    def clear(self, operation: str | None) -> None:
        """See `Switches.clear`."""
        self._filing.send([one for one in self._flows(operation) if one in self._filing.faults])

    def _flows(self, operation: str | None) -> tuple[str, ...]:
        found = _known(operation, self._filing.flows)
        return self._filing.flows if found is None else (found,)


class FaultControl:
    """The switches of all agencies as an ASGI application (`app`)."""

    def __init__(self, switches: Mapping[str, Switches]) -> None:
        """Take each agency's, by name."""
        self._switches = switches
        operation = "/faults/{agency}/{operation}"
        self.app = Starlette(
            routes=[
                Route("/faults", self._all, methods=["GET", "DELETE"]),
                Route("/faults/{agency}", self._fault, methods=["GET", "PUT", "DELETE"]),
                Route(operation, self._fault, methods=["PUT", "DELETE"]),
                Route("/clocks/{agency}", self._clock, methods=["PUT", "DELETE"]),
            ],
            exception_handlers={FaultRefused: _refused, HTTPException: _unknown},
        )

    def of(self, agency: str) -> Switches:
        """One agency's switches.

        Raises:
            NoSuchSwitch: none of this name runs.

        """
        if agency not in self._switches:
            raise NoSuchSwitch(f"No {agency} runs here; there are {', '.join(self._switches)}.")
        return self._switches[agency]

    async def _all(self, request: Request) -> Response:
        if request.method == "DELETE":
            for one in self._switches.values():
                one.clear(None)
        return JSONResponse({name: one.stand() for name, one in self._switches.items()})

    async def _fault(self, request: Request) -> Response:
        agency, operation = request.path_params["agency"], request.path_params.get("operation")
        switches = self.of(agency)
        if request.method == "PUT":
            switches.set(operation, await _body(request))
        elif request.method == "DELETE":
            switches.clear(operation)
        return JSONResponse({agency: switches.stand()})

    async def _clock(self, request: Request) -> Response:
        agency = request.path_params["agency"]
        switches = self.of(agency)
        switches.set_clock(await _body(request) if request.method == "PUT" else None)
        return JSONResponse({agency: switches.stand()})


async def _body(request: Request) -> Mapping[str, Any]:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise FaultRefused(f"The body has at most {MOST_BYTES} bytes.")
    return read_object(bytes(body))


def _known(operation: str | None, operations: tuple[str, ...]) -> str | None:
    if operation is not None and operation not in operations:
        raise NoSuchSwitch(f"There is no operation {operation}; there are {', '.join(operations)}.")
    return operation


def _told(fault: Fault) -> Mapping[str, Any]:
    return {
        "kind": fault.kind,
        "seconds": fault.latency,
        "times": fault.times,
        "spares": fault.spares,
        "retryAfter": fault.retry_after,
    }


async def _refused(_: Request, refused: Exception) -> Response:
    assert isinstance(refused, FaultRefused)
    return _problem(404 if isinstance(refused, NoSuchSwitch) else 400, refused.message)


async def _unknown(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = (
        "There are /faults, /faults/NAME, /faults/NAME/OPERATION and /clocks/NAME; GET, PUT and DELETE."
    )
    return _problem(error.status_code, sentence)


def _problem(status: int, sentence: str) -> Response:
    titles = {400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}
    content = {"title": titles.get(status, "Refused"), "status": status, "detail": sentence}
    return JSONResponse(content, status, media_type="application/problem+json")
