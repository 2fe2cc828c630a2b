"""Models of retrieval and ranking: what all of them do, and the families that there are.

Modules are loaded when a name of theirs is first asked for (`__init__.pyi` lists them).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
