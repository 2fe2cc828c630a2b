"""A small world with known tastes, for demonstrations and for measuring what can be learned.

Modules are loaded when a name of theirs is first asked for (`__init__.pyi` lists them): those that only define a
pipeline need no Polars.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
