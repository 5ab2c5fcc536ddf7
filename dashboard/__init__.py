"""The pages: what people see of the events. It reads through `queries` and writes only by publishing events."""
