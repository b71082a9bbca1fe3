"""Where the texts of the lessons are: MyST Markdown that jupytext makes notebooks of."""

from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]


def lesson_files(chinese: bool = False) -> list[Path]:
    """The files of the ten lessons in their order, in English or in Chinese."""
    installed = HERE / ("chinese" if chinese else "english")
    folder = installed if installed.is_dir() else REPOSITORY / ("docs/zh/lessons" if chinese else "docs/lessons")
    return sorted(folder.glob("[01][0-9]-*.md"))


def title(lesson: Path) -> str:
    """The heading of a lesson."""
    lines = lesson.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("# ")).removeprefix("# ")
