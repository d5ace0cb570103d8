// Named ranges for NVIDIA's profiler, which a browser does not have: they do nothing.
#ifndef PYWEBLLM_STAND_INS_NVTX_H_
#define PYWEBLLM_STAND_INS_NVTX_H_

#include <string>

namespace tvm {
namespace support {

class NVTXScopedRange {
 public:
  explicit NVTXScopedRange(const char* /*name*/) {}
  explicit NVTXScopedRange(const std::string& /*name*/) {}
};

}  // namespace support
}  // namespace tvm

#endif  // PYWEBLLM_STAND_INS_NVTX_H_
