"""As much of a Consul agent as a service needs, written from Consul's documentation.

Not Consul: one node, no cluster, nothing of Connect, sessions, keys or filters. What it does is
what `test_contract.py` beside it says, and a real agent passes the same tests.
"""
