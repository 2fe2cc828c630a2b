"""Feature operators, one a file; importing this package registers them all."""

from ops_gpu.operators.add_metadata import AddMetadata
from ops_gpu.operators.bucketize import Bucketize
from ops_gpu.operators.categorify import Categorify
from ops_gpu.operators.clip import Clip
from ops_gpu.operators.fill_median import FillMedian
from ops_gpu.operators.fill_missing import FillMissing
from ops_gpu.operators.hash_bucket import HashBucket
from ops_gpu.operators.join_groupby import JoinGroupby
from ops_gpu.operators.list_slice import ListSlice
from ops_gpu.operators.log_op import LogOp
from ops_gpu.operators.normalize import Normalize
from ops_gpu.operators.normalize_min_max import NormalizeMinMax
from ops_gpu.operators.rename import Rename
from ops_gpu.operators.tag_as import TagAsItemFeatures, TagAsItemID, TagAsUserFeatures, TagAsUserID
from ops_gpu.operators.target_encoding import TargetEncoding

__all__ = [
    "AddMetadata",
    "Bucketize",
    "Categorify",
    "Clip",
    "FillMedian",
    "FillMissing",
    "HashBucket",
    "JoinGroupby",
    "ListSlice",
    "LogOp",
    "Normalize",
    "NormalizeMinMax",
    "Rename",
    "TagAsItemFeatures",
    "TagAsItemID",
    "TagAsUserFeatures",
    "TagAsUserID",
    "TargetEncoding",
]
