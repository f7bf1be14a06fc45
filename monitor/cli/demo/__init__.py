"""The demo: three invented sites on this machine, four simulated days, and the real service at work on them."""

from monitor.cli.demo.command import demo

__all__ = ["demo"]
