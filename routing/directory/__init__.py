"""directory.yaml as ``core.Directory``, or every problem at once; and the last good one, kept."""
