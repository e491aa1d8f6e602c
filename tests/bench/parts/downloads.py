"""A file of 300 MB onto the disk: how fast, and in how much memory."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from tests.bench.bench import Bench, load_average
from tests.bench.gauges import gauged
from tests.bench.rawserver import BLOCK
from tests.bench.rows import Row, at_least, at_most
from tests.bench.sides import Figures, compare, side

_PEER = "FileOutput.read + write"

_WHY = {
    (
        "ours",
        "peer",
    ): "receiving without keeping anything is 1.7 to 2.3 × the peer; SHA-256 is 0.15 s",
    ("kept", "ours"): "every 16 MB wait until they are on the disk",
}


def rows(bench: Bench) -> Iterator[Row]:
    """Compare `download_output`, with and without partial files, with `FileOutput` and curl."""
    megabytes = bench.size(300, 20)
    functions = {"ours": ours, "kept": ours, "peer": file_output, "curl": curl}
    if shutil.which("curl") is None:
        print("downloads: there is no curl here to compare with", file=sys.stderr)
        del functions["curl"]
    with bench.raw_server() as server:
        url, size = f"{server.url}/files/{megabytes * len(BLOCK)}", megabytes * len(BLOCK)
        with urlopen(Request(url, headers={"Range": f"bytes={size - 1}-"})) as answer:
            assert len(answer.read()) == 1  # now the server has the file
        given = {"origin": server.url, "url": url, "size": size, "folder": str(bench.folder)}
        found = compare(
            bench.rounds,
            **{
                name: side(function, **given, **({"keeps": True} if name == "kept" else {}))
                for name, function in functions.items()
            },
        )
    rate = {name: figures["rate"] for name, figures in found.items()}
    against = [
        ("download of {}, throughput", "ours", 2, "peer", _PEER),
        ("resumable download of {}, throughput", "kept", 1, "peer", _PEER),
        ("resumable download of {}, against one that isn't", "kept", 1, "ours", "ours"),
        ("download of {}, against curl", "ours", 0.5, "curl", "curl"),
    ]
    for metric, name, least, peer, who in against:
        if peer in rate:
            yield Row(
                metric.format(f"{megabytes} MB"),
                rate[name],
                at_least(least),
                peer=rate[peer],
                unit="MB/s",
                against=who,
                load=load_average(),
                why=_WHY.get((name, peer), ""),
            )
    for metric, name in (("download", "ours"), ("resumable download", "kept")):
        yield Row(
            f"{metric} of {megabytes} MB, memory added",
            found[name]["mb"],
            at_most(8),
            unit="MB",
            against=f"{found['peer']['mb']:,.0f} MB ({_PEER})",
            load=load_average(),
        )


async def ours(*, origin: str, url: str, size: int, folder: str, keeps: bool = False) -> Figures:
    """As the library's guide shows it; with `keeps`, so that another process could go on."""
    from core import AsyncReplicateClient, Settings

    settings = Settings(base_url=origin, replicate_api_token="any")
    with TemporaryDirectory(dir=folder) as target:
        partials = {"partials": Path(target, "partials")} if keeps else {}
        async with AsyncReplicateClient(settings) as client:
            await client.download_output(f"{origin}/files/1000", Path(target, "first"), **partials)
            with gauged() as used:
                path = await client.download_output(url, Path(target, "file"), **partials)
        return _figures(path, size, used.seconds, used.added_mb)


def file_output(*, origin: str, url: str, size: int, folder: str) -> Figures:
    """As Replicate's documentation shows it."""
    import replicate
    from replicate.helpers import FileOutput

    client = replicate.Client(api_token="any", base_url=origin)
    with TemporaryDirectory(dir=folder) as target:
        path = Path(target, "file.bin")
        FileOutput(f"{origin}/files/1000", client).read()
        with gauged() as used, path.open("wb") as file:
            file.write(FileOutput(url, client).read())
        return _figures(path, size, used.seconds, used.added_mb)


def curl(*, origin: str, url: str, size: int, folder: str) -> Figures:
    """In a process of its own, whose memory isn't measured."""
    with TemporaryDirectory(dir=folder) as target:
        path = Path(target, "file.bin")
        with gauged() as used:
            subprocess.run(["curl", "--silent", "--fail", "--output", path, url], check=True)
        return _figures(path, size, used.seconds, 0.0)


def _figures(path: Path, size: int, seconds: float, added_mb: float) -> Figures:
    with path.open("rb") as file:
        file.seek(-len(BLOCK), 2)
        assert file.read() == BLOCK
        assert file.tell() == size
    return {"rate": size / 2**20 / seconds, "mb": added_mb}
