"""What lists are worth, measured on days that no model has seen.

Modules are loaded when a name of theirs is first asked for (`__init__.pyi` lists them).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
