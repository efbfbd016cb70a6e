"""What makes a valid directory doubtful, each doubt at its place and with what to write instead."""
