# What the libraries have in different ways, those of Debian 12 and of Debian 13 among them.
include(CheckIncludeFile)
include(CheckStructHasMember)
include(CheckSourceCompiles)
include(CMakePushCheckState)

cmake_push_check_state(RESET)
set(CMAKE_REQUIRED_INCLUDES ${GIT2_INCLUDE_DIRS} ${CURL_INCLUDE_DIRS})
check_include_file(git2/sys/errors.h PD_GIT_HAS_ERRORS_HEADER)
check_struct_has_member(git_allocator gcalloc git2/sys/alloc.h PD_GIT_ALLOCATES_MANY_WAYS)
set(CMAKE_REQUIRED_FLAGS -Werror)
check_source_compiles(C "#include <curl/curl.h>
  CURLU *curl_url_dup(const CURLU *in);
  int main(void) { return 0; }" PD_CURL_READS_CONST_URLS)
cmake_pop_check_state()

# It is loaded at run time (src/backup/library.c), by the name that its interface has on this system.
get_filename_component(curl_file ${CURL_LINK_LIBRARIES} REALPATH)
get_filename_component(curl_name ${curl_file} NAME)
string(REGEX MATCH "^libcurl\\.so\\.[0-9]+" curl_name ${curl_name})
if(NOT curl_name)
  message(FATAL_ERROR "${curl_file} is not the shared library of libcurl with OpenSSL (libcurl.so.N)")
endif()

set(PD_FEATURES PD_CURL_LIBRARY="${curl_name}")
foreach(feature PD_GIT_HAS_ERRORS_HEADER PD_GIT_ALLOCATES_MANY_WAYS PD_CURL_READS_CONST_URLS)
  if(${feature})
    list(APPEND PD_FEATURES ${feature})
  endif()
endforeach()
target_compile_definitions(pd_flags INTERFACE ${PD_FEATURES})
