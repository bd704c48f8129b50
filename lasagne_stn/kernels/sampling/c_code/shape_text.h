// The shape of an array as Python writes it, for error messages.
#ifndef STN_SHAPE_TEXT_H
#define STN_SHAPE_TEXT_H

#include <cstdio>

namespace stn {

class ShapeText {
 public:
  template <class Size>
  ShapeText(const Size* shape, int axes) {
    int length = std::snprintf(text_, sizeof text_, "(");
    for (int axis = 0; axis < axes; ++axis)
      length += std::snprintf(text_ + length, sizeof text_ - length, "%s%lld",
                              axis ? ", " : "", static_cast<long long>(shape[axis]));
    std::snprintf(text_ + length, sizeof text_ - length, ")");
  }
  const char* text() const { return text_; }

 private:
  char text_[128];  // of five axes, with twenty digits each
};

}  // namespace stn
#endif
