"""Folders of pictures: parts, classes, formats, sizes, polarity."""

import shutil

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lenet import LenetError, load_dataset
from lenet.datasets import store


def stroke(size=(28, 28), mode="L", ink=255, ground=0, at=0.5):
    picture = Image.new("L", size, ground)
    x = round(at * size[0])
    ImageDraw.Draw(picture).rectangle((x - 2, size[1] // 4, x + 1, 3 * size[1] // 4), fill=ink)
    return picture.convert(mode)


def load(source, **more):
    """The pictures as they are: what auto makes of them is tested in test_choose_framing.py."""
    return load_dataset(source, **{"framing": "whole", **more})


def save(picture, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)
    return path


def test_classes_are_folders_in_natural_order_and_files_come_in_the_order_of_their_names(tmp_path):
    for index, label in enumerate(["10", "9", "b", "10"]):
        save(stroke(at=0.2 + 0.15 * index), tmp_path / label / f"{index}.png")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "9" / "notes.txt").write_text("not a picture", encoding="utf-8")
    dataset = load(tmp_path)
    assert dataset.class_names == ("9", "10", "b")
    assert dataset.labels.tolist() == [1, 0, 2, 1]
    assert dataset.origins == ("10/0.png", "9/1.png", "b/2.png", "10/3.png")
    for index in range(4):
        assert np.array_equal(dataset.images[index, ..., 0], np.asarray(stroke(at=0.2 + 0.15 * index)))


@pytest.mark.parametrize(
    ("parts", "marks"),
    [
        (("train", "test"), (2, None)),
        (("Training", "val", "test"), (4, 2)),
        (("train", "valid"), (2, None)),
        (("test",), (None, None)),
    ],
)
def test_parts_are_taken_as_given(tmp_path, parts, marks):
    for part in parts:
        for label in "ab":
            save(stroke(), tmp_path / part / label / "1.png")
    dataset = load(tmp_path)
    assert (dataset.test_from, dataset.validation_from) == marks
    assert [origin.partition("/")[0] for origin in dataset.origins[::2]] == list(parts)


def test_classes_may_be_called_train_and_test(tmp_path):
    for label in ("train", "test"):
        save(stroke(), tmp_path / label / "1.png")
    assert load(tmp_path).class_names == ("test", "train")


def test_a_flat_folder_has_the_class_at_the_head_of_each_name(tmp_path):
    for name in ("7_001.png", "a-2.png", "7_10.png"):
        save(stroke(), tmp_path / name)
    dataset = load(tmp_path)
    assert dataset.class_names == ("7", "a")
    assert dataset.origins == ("7_001.png", "7_10.png", "a-2.png")


@pytest.mark.parametrize("names", ["{label}_{number}", "{count:04}_{label}", "img-{count}-{label}"])
def test_few_pictures_a_class_have_numbers_that_are_no_classes(tmp_path, names):
    for count in range(12):
        label, number = "abcd"[count // 3], count % 3
        save(stroke(), tmp_path / f"{names.format(label=label, number=number, count=count)}.png")
    dataset = load(tmp_path)
    assert dataset.class_names == ("a", "b", "c", "d")
    doubt = any(note.startswith("the ends of the file names repeat, too") for note in dataset.notes)
    assert doubt == names.startswith("{label}")


def test_files_that_are_no_picture_are_counted_in_a_note_and_systems_own_are_not(tmp_path):
    for part in ("train", "test"):
        for label in "ab":
            save(stroke(), tmp_path / part / label / "1.png")
            for name in ("Thumbs.db", "desktop.ini", ".DS_Store", "__MACOSX"):
                (tmp_path / part / label / name).touch()
    assert load(tmp_path).notes == ()
    for name in ("README.txt", "train/a/photo.doc", "train/noending", "test/b/2.svg"):
        (tmp_path / name).write_text("not a picture", encoding="utf-8")
    dataset = load(tmp_path)
    assert len(dataset) == 4
    assert dataset.notes == ("left out files that are no known picture: 4, such as 'README.txt'",)


def test_a_flat_folder_counts_files_that_are_no_picture_too(tmp_path):
    for name in ("7_001.png", "a-2.png"):
        save(stroke(), tmp_path / name)
    (tmp_path / "7_002.doc").touch()
    assert load(tmp_path).notes[1:] == ("left out files that are no known picture: 1, such as '7_002.doc'",)


def test_pictures_without_classes_are_not_called_missing(tmp_path):
    save(stroke(), tmp_path / "in" / "1.png")
    shutil.make_archive(str(tmp_path / "flat"), "zip", tmp_path / "in")
    for source in (tmp_path / "in", tmp_path / "flat.zip"):
        told = []
        with pytest.raises(LenetError, match=f"no picture that has a class; .* such as {source}/7/first.png"):
            load(source, on_error=lambda error, told=told: told.append(str(error)))
        assert told == [f"{source}/1.png: has no class; put it in a class's folder, or name it such as 7_1.png"]


def test_pictures_beside_class_folders_are_faults_and_the_others_loaded(tmp_path):
    for name in ("a/1.png", "b/1.png", "7_x.png", "8_x.png"):
        save(stroke(), tmp_path / name)
    told = []
    dataset = load(tmp_path, on_error=lambda error: told.append(str(error)))
    assert dataset.origins == ("a/1.png", "b/1.png")
    assert told == [f"{tmp_path}/7_x.png: is beside the folders of classes (2 pictures do); put it into one of them"]


@pytest.mark.parametrize(
    ("ending", "mode", "options"),
    [
        ("png", "L", {}),
        ("png", "1", {}),
        ("png", "P", {}),
        ("png", "LA", {}),
        ("png", "I;16", {}),
        ("bmp", "L", {}),
        ("gif", "L", {}),
        ("tif", "L", {}),
        ("tif", "L", {"compression": "tiff_lzw"}),
        ("webp", "RGB", {"lossless": True}),
        ("pgm", "L", {}),
        ("ppm", "RGB", {}),
        ("pbm", "1", {}),
        ("png", "RGB", {}),
        ("png", "RGBA", {}),
    ],
)
def test_every_format_and_mode_gives_the_same_pixels(tmp_path, ending, mode, options):
    picture = stroke()
    if mode == "I;16":
        wide = Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)
        save(wide, tmp_path / "a" / "1.png")
    else:
        save(picture.convert(mode), tmp_path / "a" / f"1.{ending}", **options)
    save(picture, tmp_path / "b" / "1.png")
    dataset = load(tmp_path, depth=1)
    assert np.array_equal(dataset.images[0], dataset.images[1])


@pytest.mark.parametrize("ending", ["jpg", "avif", "webp"])
def test_lossy_formats_come_close(tmp_path, ending):
    save(stroke((64, 64)), tmp_path / "a" / f"1.{ending}", quality=95)
    save(stroke((64, 64)), tmp_path / "b" / "1.png")
    first, second = load(tmp_path, depth=1).images.astype(int)
    assert np.abs(first - second).mean() < 4


def test_grey_stays_grey_and_one_colour_picture_makes_all_colour(tmp_path):
    save(stroke(), tmp_path / "a" / "1.png")
    save(stroke(mode="P"), tmp_path / "b" / "1.gif")
    assert load(tmp_path).depth == 1
    save(Image.new("RGB", (28, 28), (200, 10, 20)), tmp_path / "b" / "2.png")
    dataset = load(tmp_path)
    assert dataset.depth == 3
    assert dataset.images[dataset.origins.index("b/2.png"), 0, 0].tolist() == [200, 10, 20]
    assert load(tmp_path, depth=1).depth == 1


def test_transparent_pixels_become_white(tmp_path):
    clear = Image.new("RGBA", (28, 28), (0, 0, 0, 0))
    ImageDraw.Draw(clear).rectangle((12, 7, 15, 21), fill=(0, 0, 0, 255))
    for label in "ab":
        save(clear, tmp_path / label / "1.png")
    dataset = load(tmp_path, depth=1, invert="no")
    assert (dataset.images[0, 0, 0, 0], dataset.images[0, 14, 14, 0]) == (255, 0)


@pytest.mark.parametrize("kind", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exifs_turn_is_applied(tmp_path, orientation, kind):
    upright = Image.new("L", (20, 10))
    upright.paste(255, (0, 0, 5, 3))
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(back[orientation]) if orientation in back else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"jpg": {"quality": 100}, "webp": {"lossless": True}}.get(kind, {})
    save(stored, tmp_path / "a" / f"1.{kind}", exif=exif, **options)
    save(upright, tmp_path / "b" / "1.png")
    first, second = load(tmp_path, depth=1).images.astype(int)
    assert np.abs(first - second).max() <= (20 if kind == "jpg" else 0)


def test_only_the_first_frame_is_read(tmp_path):
    others = [stroke(at=0.2), stroke(at=0.8)]
    for label, kind in (("a", "gif"), ("b", "tif"), ("c", "webp")):
        options = {"lossless": True} if kind == "webp" else {}
        save(stroke(), tmp_path / label / f"1.{kind}", save_all=True, append_images=others, **options)
    save(stroke(), tmp_path / "d" / "1.png")
    dataset = load(tmp_path, depth=1)
    assert all(np.array_equal(image, dataset.images[3]) for image in dataset.images)
    note = f"used only the first page of files with several pages or frames: 3, such as '{tmp_path}/a/1.gif'"
    assert note in dataset.notes


def test_without_a_size_all_must_be_equal_and_the_hint_names_two(tmp_path):
    save(stroke((28, 28)), tmp_path / "a" / "1.png")
    save(stroke((30, 20)), tmp_path / "b" / "2.png")
    with pytest.raises(LenetError, match=r"28×28 .*a.1\.png.*30×20 .*b.2\.png.*--size 28x28"):
        load(tmp_path)
    dataset = load(tmp_path, size=(16, 12))
    assert dataset.images.shape == (2, 16, 12, 1)
    assert dataset.notes == ("scaled to 12×16, proportions kept, from 30×20, 28×28",)


def test_scaling_keeps_proportions_and_fills_with_the_border(tmp_path):
    wide = Image.new("L", (40, 20), 30)
    wide.paste(250, (10, 6, 30, 14))
    for label in "ab":
        save(wide, tmp_path / label / "1.png")
    image = load(tmp_path, size=(20, 20)).images[0, ..., 0]
    assert (image[:5] == 30).all()
    assert (image[15:] == 30).all()
    assert image[10, 10] == 250
    ink = np.argwhere(image > 140)
    assert (ink.max(axis=0) - ink.min(axis=0) + 1).tolist() == [4, 10]


@pytest.mark.parametrize(
    ("ground", "invert", "expected"),
    [(255, "auto", 0), (0, "auto", 0), (255, "no", 255), (0, "yes", 255), (255, "yes", 0), (128, "auto", 127)],
)
def test_white_paper_is_inverted_and_said(tmp_path, ground, invert, expected):
    for label in "ab":
        save(stroke(ink=255 - ground, ground=ground), tmp_path / label / "1.png")
    dataset = load(tmp_path, invert=invert)
    assert dataset.images[0, 0, 0, 0] == expected
    assert any("inverted" in note for note in dataset.notes) == (expected != ground)


def test_colour_is_never_inverted_by_itself(tmp_path):
    for label in "ab":
        save(Image.new("RGB", (8, 8), (250, 240, 250)), tmp_path / label / "1.png")
    assert load(tmp_path).images[0, 0, 0].tolist() == [250, 240, 250]


def test_links_within_the_folder_are_followed(tmp_path):
    save(stroke(), tmp_path / "a" / "1.png")
    save(stroke(), tmp_path / "b" / "1.png")
    (tmp_path / "b" / "2.png").symlink_to(tmp_path / "a" / "1.png")
    assert len(load(tmp_path)) == 3


def test_many_pixels_are_mapped_from_a_file_that_nobody_sees(tmp_path, cache, monkeypatch):
    for index in range(12):
        save(stroke(ink=100 + index), tmp_path / "ab"[index % 2] / f"{index}.png")
    in_memory = load(tmp_path)
    monkeypatch.setattr(store, "IN_MEMORY_BYTES", 1000)
    mapped = load(tmp_path)
    assert isinstance(mapped.images.base, np.memmap)
    assert (mapped.sha256, mapped.class_names) == (in_memory.sha256, in_memory.class_names)
    assert list((cache / "lenet").iterdir()) == []


def test_mapped_images_are_split_without_filling_the_memory(tmp_path, monkeypatch):
    for index in range(30):
        save(stroke(ink=100 + index), tmp_path / "ab"[index % 2] / f"{index}.png")
    in_memory = load(tmp_path).split("2:1", 3)
    monkeypatch.setattr(store, "IN_MEMORY_BYTES", 1000)
    mapped = load(tmp_path).split("2:1", 3)
    for part, same in zip(mapped, in_memory, strict=True):
        assert isinstance(part.images.base, np.memmap)
        assert part.sha256 == same.sha256


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, cache, monkeypatch):
    for label in "ab":
        save(stroke(), tmp_path / label / "1.png")
    monkeypatch.setattr(store, "IN_MEMORY_BYTES", 1000)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(LenetError, match=r"No space left on device.*XDG_CACHE_HOME"):
        load(tmp_path)
    assert list((cache / "lenet").iterdir()) == []


def test_a_user_without_a_home_is_told_to_name_a_cache_folder(tmp_path, monkeypatch):
    def nobody(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    save(stroke(), tmp_path / "a" / "1.png")
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    monkeypatch.setattr(store, "IN_MEMORY_BYTES", 100)
    with pytest.raises(LenetError, match=r"no home.*XDG_CACHE_HOME"):
        load(tmp_path)
