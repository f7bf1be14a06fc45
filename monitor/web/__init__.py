"""What the monitor shows over HTTP: to programs that watch over it, and to people."""
