"""Raw logs in any layout to canonical frames.

Modules are loaded when a name of theirs is first asked for (`__init__.pyi` lists them): those that only define a
pipeline need no Polars.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
