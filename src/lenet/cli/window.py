"""A window that shows pictures."""

import base64
from collections.abc import Sequence

from lenet.errors import LenetError


def show_pictures(pictures: Sequence[bytes], title: str) -> None:
    """Show PNGs one after the other: any key or a click shows the next, closing the window ends.

    Raises:
        LenetError: when this Python has no Tk or there is no screen.
    """
    try:
        import tkinter
    except ImportError:
        raise LenetError("this Python has no Tk, so no window can be opened; write a file with --out") from None
    try:
        window = tkinter.Tk()
    except tkinter.TclError:
        raise LenetError("there is no screen to open a window on; write a file with --out") from None
    window.title(title)
    images = [tkinter.PhotoImage(master=window, data=base64.b64encode(picture)) for picture in pictures]
    label = tkinter.Label(window, image=images[0], background="white")
    label.pack()
    left = iter(images[1:])

    def show_next(_: object) -> None:
        image = next(left, None)
        if image is None:
            window.destroy()
        else:
            label.configure(image=image)

    window.bind("<Key>", show_next)
    window.bind("<Button>", show_next)
    window.mainloop()
