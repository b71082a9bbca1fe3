"""Typefaces like handwriting, of Debian's packages: letters and digits of other hands than MNIST's."""

from pathlib import Path

FOLDER = Path("/usr/share/fonts")
# To train on, and to measure on; by package.
TRAINING = {
    "fonts-bwht": (
        *("BecauseWeBuild-Regular", "BecauseWeConnect-Regular", "BecauseWeCreate-Regular", "BecauseWeLearn-Regular"),
    ),
    "fonts-breip": ("Breip", "breipfont"),
    "fonts-comic-neue": ("ComicNeue-Light", "ComicNeue-Italic"),
    "fonts-dancingscript": ("DancingScript-Regular",),
    "fonts-humor-sans": ("Humor-Sans",),
    "fonts-kaushanscript": ("KaushanScript-Regular",),
    "fonts-klee": ("KleeOne-Regular",),
    "fonts-kristi": ("Kristi",),
    "fonts-rufscript": ("Rufscript010",),
    "fonts-sjfonts": ("SteveHand",),
}
HELD_OUT = {
    "fonts-dkg-handwriting": ("dkg", "dkgBI"),
    "fonts-havana": ("Havana-Regular",),
    "fonts-kiloji": ("kiloji", "kiloji_b", "kiloji_p"),
    "fonts-seto": ("setofont",),
    "fonts-tomsontalks": ("TomsonTalks",),
}


def installed(names: dict[str, tuple[str, ...]]) -> list[Path]:
    """The files of ``TRAINING`` or ``HELD_OUT``; ends with the packages to install when one is missing."""
    found = {path.stem: path for path in FOLDER.rglob("*.?tf")}
    wanted = [name for stems in names.values() for name in stems]
    if missing := [name for name in wanted if name not in found]:
        raise SystemExit(f"typefaces are missing ({', '.join(missing)}): apt-get install {' '.join(names)}")
    return [found[name] for name in wanted]
