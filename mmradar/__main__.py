"""Entry point of ``python -m mmradar COMMAND``."""

from mmradar.commands import main

if __name__ == '__main__':
    main()
