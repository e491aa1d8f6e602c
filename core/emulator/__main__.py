"""`python -m core.emulator`: the emulator by itself, for anyone who develops against Replicate."""

import argparse
import signal
import sys
from pathlib import Path

_ENDING_SIGNALS = ("SIGTERM", "SIGHUP")  # beside SIGINT; not every system has them


def main() -> int:
    """Serve until interrupted; return the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m core.emulator",
        description="Replicate's HTTP API on your own machine; no model is run.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=_port, default=8600, help="port to listen on, 0 for any")
    parser.add_argument("--speed", type=_positive, default=1.0, help="how much faster than life")
    parser.add_argument(
        "--no-rate-limits", action="store_true", help="answer any number of requests"
    )
    parser.add_argument(
        "--faults", action="store_true", help="let faults be scripted under /_emulator/faults"
    )
    parser.add_argument(
        "--schemas",
        type=_folder,
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help="serve these models too: OWNER__NAME.json files with their OpenAPI schemas",
    )
    arguments = parser.parse_args()

    from core.emulator import Emulator

    emulator = Emulator(
        host=arguments.host,
        port=arguments.port,
        speed=arguments.speed,
        rate_limits=not arguments.no_rate_limits,
        faults=arguments.faults,
        schemas=getattr(arguments, "schemas", None),
    )
    for name in _ENDING_SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        emulator.start()
        print(f"An emulated Replicate answers on {emulator.url} (Ctrl+C ends it)")
        print(f"  REPLICATE_BASE_URL={emulator.url} REPLICATE_API_TOKEN=anything", flush=True)
        emulator.wait()
    except OSError as error:
        print(
            f"Can't listen on {arguments.host}:{arguments.port} ({error.strerror}); "
            "choose another with --port.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print()
    finally:
        emulator.stop()
    return 0


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError("a port goes from 0 to 65535")
    return value


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return Path(text)


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("it is more than 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
