"""`tocsin demo`: the whole pipeline with a short real story, told on the terminal as it happens.

Not here: any part of the pipeline itself; the demo speaks to it as any user does.
"""
