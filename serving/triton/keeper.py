"""`python -m serving.triton.keeper FOLDER`: the supervisor of a server, under a name that does not move again.

Commands of other versions know it in the process list by this name.
"""

from serving.triton.server.supervisor import main

if __name__ == "__main__":
    main()
