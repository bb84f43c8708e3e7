# pd_embed(TARGET OUTPUT PREFIX FILE...): the bytes of each file as
# `const char PREFIX_<name>[]` (NUL-terminated) in OUTPUT.c, declared in OUTPUT.h, and the table
# `PREFIX_files` of all of them in the order given. Texts that several of them share stand in the
# folder parts/ beside them, see embed_files.cmake.
function(pd_embed target output prefix)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${output}.c)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/${output}.h)
  list(JOIN ARGN "|" files)
  list(GET ARGN 0 first)
  get_filename_component(folder ${first} DIRECTORY)
  file(GLOB parts CONFIGURE_DEPENDS ${folder}/parts/*.sql)
  add_custom_command(
    OUTPUT ${source} ${header}
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DHEADER=${header} -DPREFIX=${prefix}
            "-DFILES=${files}" -P ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${ARGN} ${parts} ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${source} ${header})
  target_include_directories(${target} PUBLIC ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
