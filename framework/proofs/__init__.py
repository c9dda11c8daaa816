"""What is proved of each stage once its names are found: a module is one proof, with `prove(Proving)`."""

import sys

from framework import plugins
from framework.proofs._proving import Proving, figures

__all__ = ["Proving", "figures", "prove"]


def prove(proving: Proving) -> None:
    """Every proof of one stage; what cannot hold goes to its findings."""
    for proof in plugins.load_all(sys.modules[__name__]):
        proof.prove(proving)
