"""The way of one row through a pipeline, for `explain`: which rows it was made of, what became of it, what it is in.

A stage is computed once more over what stands, as a run computes it, and its rows say how they ended. So nothing is
told here that the stage itself does not do: there is no second account of what a clause means.
"""
