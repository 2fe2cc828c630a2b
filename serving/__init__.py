"""Releases, and what answers requests with them: operators, ensembles, clients, and Triton.

Modules are loaded when a name of theirs is first asked for (`__init__.pyi` lists them).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
