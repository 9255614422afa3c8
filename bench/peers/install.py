# SPDX-License-Identifier: EUPL-1.2
"""The peers as contenders: installed by npm into a folder of the bench's, each with the Node it wants."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import orjson

from bench.dialect import Dialect
from bench.peers.mercurius import MercuriusDialect
from bench.peers.postgraphile import PostGraphileDialect
from bench.peers.world import prepare
from bench.served import Contender
from bench.world import World
from hub.settings import Settings
from hub.store.engine import connection_arguments

SOURCES = Path(__file__).parent
NAMES = ("postgraphile", "mercurius")
INSTALL_TIMEOUT = 300


def peers(folder: Path, world: World) -> list[Contender]:
    """The peers that could be installed under `folder`; why one could not is printed."""
    if shutil.which("npm") is None:
        print(
            "No npm here: the peers (PostGraphile, Mercurius) are not measured. Debian: apt-get install npm."
        )
        return []
    facts = prepare(world)
    dialects: Mapping[str, Dialect] = {
        "postgraphile": PostGraphileDialect(facts),
        "mercurius": MercuriusDialect(facts),
    }
    return [
        Contender(name, (str(node), str(folder / name / "server.mjs")), _environment(world), dialects[name])
        for name in NAMES
        if (node := _installed(folder / name, SOURCES / name)) is not None
    ]


def versions_of(contenders: Sequence[Contender], folder: Path) -> dict[str, str]:
    """The versions of what the peers among these were installed with."""
    found: dict[str, str] = {}
    for contender in contenders:
        manifest = folder / contender.name / "package.json"
        if manifest.exists():
            found |= dict(_wanted(orjson.loads(manifest.read_bytes())))
    return found


def _wanted(manifest: Mapping[str, Mapping[str, str]]) -> Iterable[tuple[str, str]]:
    yield from manifest.get("dependencies", {}).items()
    for name, version in manifest.get("optionalDependencies", {}).items():
        if name.startswith("node-linux-"):
            yield "node", version


def _installed(target: Path, source: Path) -> Path | None:
    """The Node of a peer whose sources and modules are in `target`; None when npm could not install them."""
    target.mkdir(parents=True, exist_ok=True)
    manifest, known = source / "package.json", target / "package.json"
    current = known.exists() and known.read_bytes() == manifest.read_bytes() and _node(target) is not None
    if not current:
        print(f"Installing {source.name} …", flush=True)
        known.unlink(missing_ok=True)
        shutil.copy(manifest, known)
        command = ["npm", "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"]
        # An engine npm itself does not run on is no hindrance: the peer runs on the Node it is installed with.
        command += ["--loglevel=error", "--prefix", str(target)]
        try:
            done = subprocess.run(
                command, cwd=target, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            known.unlink()
            print(f"{source.name} is not measured: npm took more than {INSTALL_TIMEOUT} s.")
            return None
        if done.returncode:
            known.unlink()
            print(f"{source.name} is not measured: npm could not install it.\n{done.stderr[-1_000:]}")
            return None
    for file in source.iterdir():
        if file.suffix in (".mjs", ".graphql"):
            shutil.copy(file, target / file.name)
    return _node(target)


def _node(target: Path) -> Path | None:
    return next(iter(sorted(target.glob("node_modules/node-linux-*/bin/node"))), None)


def _environment(world: World) -> dict[str, str]:
    """What Node's `pg` reads: the world's server by its socket, under the hub's role and its session's settings."""
    where = connection_arguments(world.url)
    return {
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
        "PGHOST": where["host"],
        "PGUSER": where["user"],
        "PGDATABASE": where["database"],
        "PGOPTIONS": f"-c role={Settings().database_role} -c jit=off -c timezone=UTC",
    }
