"""Feature operators, one a file; importing this package registers them all."""

from ops_gpu.operators.add_metadata import AddMetadata
from ops_gpu.operators.bucketize import Bucketize
from ops_gpu.operators.categorify import Categorify
from ops_gpu.operators.clip import Clip
from ops_gpu.operators.column_similarity import ColumnSimilarity
from ops_gpu.operators.data_stats import DataStats
from ops_gpu.operators.difference_lag import DifferenceLag
from ops_gpu.operators.drop_low_cardinality import DropLowCardinality
from ops_gpu.operators.dropna import Dropna
from ops_gpu.operators.fill_median import FillMedian
from ops_gpu.operators.fill_missing import FillMissing
from ops_gpu.operators.filter import Filter
from ops_gpu.operators.groupby import Groupby
from ops_gpu.operators.hash_bucket import HashBucket
from ops_gpu.operators.hashed_cross import HashedCross
from ops_gpu.operators.history import History
from ops_gpu.operators.join_external import JoinExternal
from ops_gpu.operators.join_groupby import JoinGroupby
from ops_gpu.operators.lambda_op import LambdaOp
from ops_gpu.operators.list_slice import ListSlice
from ops_gpu.operators.log_op import LogOp
from ops_gpu.operators.normalize import Normalize
from ops_gpu.operators.normalize_min_max import NormalizeMinMax
from ops_gpu.operators.reduce_dtype_size import ReduceDtypeSize
from ops_gpu.operators.rename import Rename
from ops_gpu.operators.sessionize import Sessionize
from ops_gpu.operators.tag_as import TagAsItemFeatures, TagAsItemID, TagAsUserFeatures, TagAsUserID
from ops_gpu.operators.target_encoding import TargetEncoding
from ops_gpu.operators.value_count import ValueCount

__all__ = [
    "AddMetadata",
    "Bucketize",
    "Categorify",
    "Clip",
    "ColumnSimilarity",
    "DataStats",
    "DifferenceLag",
    "DropLowCardinality",
    "Dropna",
    "FillMedian",
    "FillMissing",
    "Filter",
    "Groupby",
    "HashBucket",
    "HashedCross",
    "History",
    "JoinExternal",
    "JoinGroupby",
    "LambdaOp",
    "ListSlice",
    "LogOp",
    "Normalize",
    "NormalizeMinMax",
    "ReduceDtypeSize",
    "Rename",
    "Sessionize",
    "TagAsItemFeatures",
    "TagAsItemID",
    "TagAsUserFeatures",
    "TagAsUserID",
    "TargetEncoding",
    "ValueCount",
]
