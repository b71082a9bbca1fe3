"""What `check` finds, each fault planted alone in sound data."""

import io
from dataclasses import replace

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image, ImageDraw, ImageFont

from lenet import Dataset, load_dataset
from lenet.datasets.check import check
from lenet.datasets.orientation import is_transposed, likeness, transpose

# Fonts that matplotlib brings, none of them the one that the check compares with.
FONTS = ("DejaVuSans.ttf", "DejaVuSerif-Italic.ttf", "DejaVuSansMono.ttf", "STIXGeneral.ttf")


@pytest.fixture
def sound(mnist):
    chosen = mnist.take(np.arange(200))
    origins = tuple(f"{index}.png" for index in range(200))
    return chosen.images.copy(), chosen.labels.copy(), origins


def found(images, labels, origins, names=tuple("0123456789"), broken=(), test_from=150):
    dataset = Dataset("sound", images, labels, names, test_from=test_from, origins=origins)
    return {finding.kind: finding for finding in check(dataset, list(broken))}


def test_sound_data_has_no_fault(sound, mnist):
    assert found(*sound) == {}
    assert check(mnist.split("own").test) == []


def test_broken_files_are_left_out_and_no_fault(sound):
    finding = found(*sound, broken=["a.png: is cut"])["broken"]
    assert (finding.fault, finding.count, finding.examples) == (False, 1, ("a.png: is cut",))


def test_equal_images_with_other_labels(sound):
    images, labels, origins = sound
    images[7] = images[3]
    assert labels[7] != labels[3]
    findings = found(images, labels, origins)
    assert list(findings) == ["conflicting-labels"]
    assert findings["conflicting-labels"].examples == (f"3.png ({labels[3]}) = 7.png ({labels[7]})",)


def test_equal_images_in_training_and_test(sound):
    images, labels, origins = sound
    images[190], labels[190] = images[3], labels[3]
    findings = found(images, labels, origins)
    assert list(findings) == ["duplicates-across-parts"]
    assert findings["duplicates-across-parts"].fault


def test_equal_images_in_one_part_are_worth_knowing(sound):
    images, labels, origins = sound
    images[20] = images[21] = images[3]
    labels[20] = labels[21] = labels[3]
    findings = found(images, labels, origins)
    assert list(findings) == ["duplicates"]
    assert not findings["duplicates"].fault
    assert findings["duplicates"].count == 1


def test_a_class_that_a_part_lacks(sound):
    images, labels, origins = sound
    labels[150:][labels[150:] == 4] = 9
    assert found(images, labels, origins)["absent-class"].examples == ("4 in test",)


def test_a_number_that_is_missing_between_the_classes(sound):
    images, labels, origins = sound
    findings = found(images, labels, origins, names=(*"012345678", "11"))
    assert findings["missing-number"].examples == ("9", "10")


def test_blank_and_dim_images(sound):
    images, labels, origins = sound
    images[5] = 9
    assert found(images, labels, origins)["blank"].examples == ("5.png",)
    assert "dim" in found(images // 128, labels, origins)


def letters(characters, fonts, each, seed=0):
    rng = np.random.default_rng(seed)
    images, labels = [], []
    for label, character in enumerate(characters):
        for _ in range(each):
            font = ImageFont.truetype(str(rng.choice(fonts)), int(rng.integers(16, 24)))
            sheet = Image.new("L", (28, 28))
            ImageDraw.Draw(sheet).text(tuple(14 + rng.integers(-2, 3, 2)), character, 255, font, anchor="mm")
            slant, turn = rng.uniform(-0.25, 0.25), rng.uniform(-12, 12)
            sheet = sheet.transform(
                (28, 28), Image.Transform.AFFINE, (1, slant, -14 * slant, 0, 1, 0), Image.Resampling.BILINEAR
            )
            images.append(np.asarray(sheet.rotate(turn, Image.Resampling.BILINEAR)))
            labels.append(label)
    return Dataset("letters", np.array(images), np.array(labels), tuple(characters))


@pytest.fixture(scope="session")
def fonts():
    import matplotlib

    return [f"{matplotlib.get_data_path()}/fonts/ttf/{name}" for name in FONTS]


@pytest.mark.parametrize("characters", ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"])
def test_transposed_letters_are_told(fonts, characters):
    upright = letters(characters, fonts, each=8)
    assert likeness(upright).upright - likeness(upright).transposed > 0.2
    assert is_transposed(upright) is False
    assert is_transposed(transpose(upright)) is True


def test_transposed_handwriting_is_told_from_few_images(mnist):
    for source in (mnist, load_dataset("digits", framing="whole")):
        for seed in range(6):
            few = source.take(np.random.default_rng(seed).permutation(len(source))[:60])
            assert (is_transposed(few), is_transposed(transpose(few))) == (False, True)


def test_upright_photos_are_not_called_transposed(fonts):
    """Dark ink on bright paper, which framing whole leaves so in colour, and shadows."""
    upright = letters("0123456789", fonts, each=12)
    photos = replace(upright, images=np.repeat(255 - upright.images // 2, 3, axis=3))
    assert is_transposed(photos) is False
    assert is_transposed(transpose(photos)) is True
    rng = np.random.default_rng(0)
    for _ in range(20):
        slope = np.add.outer(*rng.uniform(-4, 4, (2, 1)) * np.arange(28)) + rng.uniform(0, 120, (len(upright), 1, 1))
        shadowed = np.clip(120 + slope + upright.images[..., 0] / 4, 0, 255).astype(np.uint8)
        assert is_transposed(replace(upright, images=shadowed[..., np.newaxis])) is False


def test_it_says_nothing_where_it_cannot_tell(colour):
    assert is_transposed(colour) is None
    assert is_transposed(Dataset("even", np.zeros((4, 8, 8), np.uint8), np.arange(4), tuple("abcd"))) is None
    assert "transposed" not in {finding.kind for finding in check(transpose(colour), [])}


def test_broken_pictures_are_collected_and_the_others_loaded(tmp_path):
    for index in range(4):
        (tmp_path / "ab"[index % 2]).mkdir(exist_ok=True)
        Image.fromarray(np.eye(8, dtype=np.uint8) * (200 + index)).save(tmp_path / "ab"[index % 2] / f"{index}.png")
    (tmp_path / "a" / "2.png").write_bytes(b"no picture")
    (tmp_path / "c").mkdir()
    told = []
    dataset = load_dataset(tmp_path, framing="whole", on_error=lambda error: told.append(str(error)))
    assert dataset.origins == ("a/0.png", "b/1.png", "b/3.png")
    assert dataset.images[:, 3, 3, 0].tolist() == [200, 201, 203]
    assert [("2.png" in line, "c: this class" in line) for line in told] == [(False, True), (True, False)]


def test_rows_of_a_parquet_file_without_a_picture_are_collected_like_broken_ones(tmp_path):
    pictures = []
    for index in range(4):
        buffer = io.BytesIO()
        Image.fromarray(np.eye(8, dtype=np.uint8) * (200 + index)).save(buffer, "png")
        pictures.append(buffer.getvalue())
    column = [None, pictures[1], b"no picture", pictures[3], None]
    table = pyarrow.table({"image": column, "label": ["a", "b", "a", "b", "a"]})
    pyarrow.parquet.write_table(table, tmp_path / "d.parquet")
    told = []
    dataset = load_dataset(tmp_path / "d.parquet", on_error=lambda error: told.append(str(error)))
    assert dataset.origins == ("d.parquet row 1", "d.parquet row 3")
    assert [line.partition(" (")[0].partition("parquet: ")[2] for line in told] == [
        "row 0: holds no picture's bytes; files outside are not followed",
        "row 2: is not a readable picture",
        "row 4: holds no picture's bytes; files outside are not followed",
    ]
