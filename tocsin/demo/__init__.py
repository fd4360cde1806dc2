"""`tocsin demo`: the whole pipeline with a short real story, told on the terminal as it happens.

`run` is all that the command line needs. Not here: any part of the pipeline itself; the demo speaks to it as any user does.
"""

from tocsin.demo.process import run

__all__ = ["run"]
