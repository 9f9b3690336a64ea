"""What a call decides when it picks a variant: a class for each kind, under one protocol."""
