# SPDX-License-Identifier: EUPL-1.2
"""`snodo doctor` among the simulated agencies, over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from connectors.connected import connect_agencies
from connectors.reachability import examine, examine_system
from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.tls import open_client
from hub.cli.simulation import simulated_agencies
from hub.settings import Settings


async def test_the_simulated_agencies_are_well_and_one_that_is_not_is_named(tmp_path: Path) -> None:
    async with simulated_agencies(tmp_path, datetime.now(UTC).date()) as simulation:
        settings = Settings(data_dir=tmp_path, **simulation.settings())

        async def found() -> dict[str, str | None]:
            async with open_client(settings) as http:
                agencies = connect_agencies(settings, http)
                assert agencies.tokens is not None
                told = {one.what: one.fault async for one in examine(settings, http, agencies.tokens)}
                [lazio] = agencies.regional
                told |= {one.what: one.fault async for one in examine_system(lazio, agencies.tokens)}
                await agencies.aclose()
                return told

        well = await found()
        assert set(well.values()) == {None}, well
        assert {
            "voucher for ANPR: given",
            "voucher for INPS: given",
            "voucher for REGION: given",
        } <= well.keys()
        assert {f"clock of {name}: agrees" for name in ("PDND", "ANPR", "INPS", "REGION")} <= well.keys()

        simulation.faults["pdnd"].set(EVERY, Fault(FaultKind.KEY_ROTATED))
        told = await found()
        assert "check client, key" in (told["voucher for ANPR"] or "")
