"""The rota: who must be on duty, who is, what clashes, how it is filled. Pure: no clock, no
database. It never decides a caller's answer; a hole in it is a warning to staff.
"""
