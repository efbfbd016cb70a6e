"""How an answer is written, no matter who asks."""
