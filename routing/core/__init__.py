"""The rule: who takes the call at an instant. Pure: everything comes in as an argument."""
