"""Head of the phantom: skull, brain, face, salivary glands, tonsils."""

from __future__ import annotations

from carpet.testing.frame import BodyFrame, Part
from carpet.testing.shapes import Above, Common, Union, Without


def head_parts(frame: BodyFrame, brain: float, salivary: float, tonsil: float) -> list[Part]:
    """Parts of the head and upper neck, SUVbw of brain, glands and tonsils as given."""
    sides = (-1.0, 1.0)
    vault = frame.ellipsoid((0, -2, -78), (68, 87, 73))
    inside = frame.ellipsoid((0, -2, -78), (62, 81, 67))
    skull = Common(Without(vault, inside), Above(frame.at(0, 0, -138), (0.0, -0.25, 1.0)))
    jaw = Union(tuple(frame.tube(((s * 50, 12, -165), (s * 44, -10, -212), (s * 24, -62, -222), (0, -74, -222)), 6.0) for s in sides))
    cheek = Union(tuple(frame.ellipsoid((s * 34, -62, -150), (18, 16, 16)) for s in sides))
    sinus = Union(tuple(frame.ellipsoid((s * 32, -62, -150), (13, 12, 13)) for s in sides))
    nose = frame.ellipsoid((0, -55, -155), (11, 34, 22))
    return [
        Part("skull", skull, 0.9, 900.0),
        Part("brain", inside, brain, 35.0),
        Part("face_bone", Union((jaw, cheek)), 0.9, 600.0),
        Part("nasal_air", Union((sinus, nose)), None, -950.0),
        Part("parotid", Union(tuple(frame.ellipsoid((s * 50, 14, -172), (11, 16, 22)) for s in sides)), salivary, 25.0),
        Part("submandibular", Union(tuple(frame.ellipsoid((s * 32, -22, -212), (10, 13, 12)) for s in sides)), salivary, 35.0),
        Part("tonsil", Union(tuple(frame.ellipsoid((s * 16, -20, -190), (6, 8, 11)) for s in sides)), tonsil, 45.0),
        Part("thyroid", Union(tuple(frame.ellipsoid((s * 18, -20, -268), (8, 9, 20)) for s in sides)), 1.5, 90.0),
    ]
