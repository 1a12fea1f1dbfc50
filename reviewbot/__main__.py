"""``reviewbot`` on the command line."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the exit code says how it ended."""
    from reviewbot.entrypoints.cli import run  # noqa: PLC0415 - nothing else needs it

    run()


if __name__ == "__main__":
    main()
