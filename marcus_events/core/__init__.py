"""Events, event types, filters, reducers and sentences: standard library only, no I/O."""
