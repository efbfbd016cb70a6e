"""Long counts, benchmarks, fault injection and mutation testing: run by hand with `bin/prove`."""
