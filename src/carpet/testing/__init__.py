"""Phantoms with known answers, written as real DICOM, and the contracts every method must pass."""

from carpet.testing.blocks import BlockScene, block_scene
from carpet.testing.contracts import check_biomarker
from carpet.testing.dicom_writer import Storage, WrittenStudy, write_study
from carpet.testing.orientation import ORIENTATIONS, reoriented, storage_variants
from carpet.testing.patients import NO_BLUR, Imaging, benchmark_phantom, follow_up, random_patient, random_phantom, simple_phantom
from carpet.testing.phantom import Phantom, PhantomScan, PlantedFact, make_phantom
from carpet.testing.reference_objects import REFERENCE_OBJECTS, ReferenceObject, WrittenReference, write_reference_object
from carpet.testing.sites import Lesion, plant
from carpet.testing.timing import Visit

__all__ = [
    "NO_BLUR",
    "ORIENTATIONS",
    "REFERENCE_OBJECTS",
    "BlockScene",
    "Imaging",
    "Lesion",
    "Phantom",
    "PhantomScan",
    "PlantedFact",
    "ReferenceObject",
    "Storage",
    "Visit",
    "WrittenReference",
    "WrittenStudy",
    "benchmark_phantom",
    "block_scene",
    "check_biomarker",
    "follow_up",
    "make_phantom",
    "plant",
    "random_patient",
    "random_phantom",
    "reoriented",
    "simple_phantom",
    "storage_variants",
    "write_reference_object",
    "write_study",
]
