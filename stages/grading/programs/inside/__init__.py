"""The code inside the sandbox. It imports only Python's own library, and relative names.

    python -m inside.server FD

Two sandboxes work on one solution. In one the program runs; in the other the tests run, and every
name of the program that they use refers to the one over there. Only plain values cross between them
(`values`), so whatever a program does to its own process, to `assert`, to `==` or to a module, it
does not do it to the tests: it can return values, and nothing else.
"""
