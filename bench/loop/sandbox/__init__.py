"""Where strangers' strategies run: a process that holds nothing and asks for what it is told.

`host` stays in the calling process, with model, labels and clock; `nursery` is started beside it,
imports what strategies may use and forks one `guest` for each selection, who shuts itself in
(`wall`, by way of `kernel`) before it sees a line of the stranger's. They talk by `wire`.
"""
