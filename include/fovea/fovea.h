/* fovea/fovea.h - all of the public interface. */
#ifndef FOVEA_FOVEA_H
#define FOVEA_FOVEA_H

#include "fovea/care.h"
#include "fovea/comm.h"
#include "fovea/data.h"
#include "fovea/drift.h"
#include "fovea/error.h"
#include "fovea/fetch.h"
#include "fovea/graph.h"
#include "fovea/jobs.h"
#include "fovea/layers.h"
#include "fovea/metrics.h"
#include "fovea/mode.h"
#include "fovea/model.h"
#include "fovea/objects.h"
#include "fovea/optim.h"
#include "fovea/plan.h"
#include "fovea/predict.h"
#include "fovea/prediction_log.h"
#include "fovea/registry.h"
#include "fovea/runs.h"
#include "fovea/serve.h"
#include "fovea/tensor.h"
#include "fovea/tokens.h"
#include "fovea/track.h"
#include "fovea/train.h"
#include "fovea/versions.h"

#endif
