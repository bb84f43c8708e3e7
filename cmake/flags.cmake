# Flags that every target of predeploy is built with.
add_library(pd_flags INTERFACE)
target_compile_definitions(pd_flags INTERFACE _GNU_SOURCE PD_VERSION="${PROJECT_VERSION}")
target_compile_options(pd_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings
  -Wformat=2 -Wundef -Wvla -Wswitch-enum -Wimplicit-fallthrough
  -fno-common -fstack-protector-strong)
if(PREDEPLOY_WERROR)
  target_compile_options(pd_flags INTERFACE -Werror)
endif()
if(PREDEPLOY_SANITIZE)
  target_compile_options(pd_flags INTERFACE
    -fsanitize=${PREDEPLOY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(pd_flags INTERFACE -fsanitize=${PREDEPLOY_SANITIZE})
  target_compile_definitions(pd_flags INTERFACE PD_SANITIZE)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_definitions(pd_flags INTERFACE _FORTIFY_SOURCE=2)
  target_link_options(pd_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
