"""Feature operators, one a file; importing this package registers them all."""

from ops_gpu.operators.categorical.categorify import Categorify
from ops_gpu.operators.categorical.drop_low_cardinality import DropLowCardinality
from ops_gpu.operators.categorical.hash_bucket import HashBucket
from ops_gpu.operators.categorical.hashed_cross import HashedCross
from ops_gpu.operators.categorical.target_encoding import TargetEncoding
from ops_gpu.operators.columns.add_metadata import AddMetadata
from ops_gpu.operators.columns.lambda_op import LambdaOp
from ops_gpu.operators.columns.list_slice import ListSlice
from ops_gpu.operators.columns.rename import Rename
from ops_gpu.operators.columns.tag_as import TagAsItemFeatures, TagAsItemID, TagAsUserFeatures, TagAsUserID
from ops_gpu.operators.columns.value_count import ValueCount
from ops_gpu.operators.continuous.bucketize import Bucketize
from ops_gpu.operators.continuous.clip import Clip
from ops_gpu.operators.continuous.data_stats import DataStats
from ops_gpu.operators.continuous.fill_median import FillMedian
from ops_gpu.operators.continuous.fill_missing import FillMissing
from ops_gpu.operators.continuous.log_op import LogOp
from ops_gpu.operators.continuous.normalize import Normalize
from ops_gpu.operators.continuous.normalize_min_max import NormalizeMinMax
from ops_gpu.operators.continuous.reduce_dtype_size import ReduceDtypeSize
from ops_gpu.operators.rows.column_similarity import ColumnSimilarity
from ops_gpu.operators.rows.difference_lag import DifferenceLag
from ops_gpu.operators.rows.dropna import Dropna
from ops_gpu.operators.rows.filter import Filter
from ops_gpu.operators.rows.groupby import Groupby
from ops_gpu.operators.rows.history import History
from ops_gpu.operators.rows.join_external import JoinExternal
from ops_gpu.operators.rows.join_groupby import JoinGroupby
from ops_gpu.operators.rows.sessionize import Sessionize

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
