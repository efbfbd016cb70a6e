"""What would stop calls, or send them wrong: found before a caller finds it."""
