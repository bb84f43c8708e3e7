# What is installed besides the binary, and the Debian package that `cpack -G DEB` makes of it all.
find_program(GZIP_PROGRAM gzip REQUIRED)
set(reference_folder ${PROJECT_BINARY_DIR}/reference)
set(package_files)

# pd_reference(FORM PATH FOLDER): the man page and the completions are made from the tables of
# commands and options.
function(pd_reference form path folder)
  set(file ${reference_folder}/${path})
  get_filename_component(parent ${file} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  add_custom_command(OUTPUT ${file} COMMAND predeploy-reference ${form} > ${file}
                     DEPENDS predeploy-reference VERBATIM)
  list(APPEND package_files ${file})
  if(folder)
    install(FILES ${file} DESTINATION ${folder})
  endif()
  set(package_files ${package_files} PARENT_SCOPE)
endfunction()

# pd_compressed(FILE NAME FOLDER): without the time in it, so that the same sources make the same
# bytes.
function(pd_compressed file name folder)
  set(packed ${reference_folder}/${name})
  add_custom_command(OUTPUT ${packed} COMMAND ${GZIP_PROGRAM} -9nc ${file} > ${packed}
                     DEPENDS ${file} VERBATIM)
  install(FILES ${packed} DESTINATION ${folder})
  list(APPEND package_files ${packed})
  set(package_files ${package_files} PARENT_SCOPE)
endfunction()

pd_reference(options options.md "")
pd_reference(man predeploy.1 "")
pd_reference(bash bash/predeploy ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
pd_reference(zsh zsh/_predeploy ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
pd_reference(fish fish/predeploy.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
pd_compressed(${reference_folder}/predeploy.1 predeploy.1.gz ${CMAKE_INSTALL_MANDIR}/man1)
pd_compressed(${PROJECT_SOURCE_DIR}/cmake/debian/changelog changelog.gz ${CMAKE_INSTALL_DOCDIR})
add_custom_target(reference ALL DEPENDS ${package_files})

install(PROGRAMS hooks/pre-push hooks/pre-receive DESTINATION ${CMAKE_INSTALL_DATADIR}/predeploy/hooks)
install(FILES cmake/debian/copyright README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(PD_PARSER_ARCHIVED)
  install(FILES ${PD_PARSER_COPYRIGHT} DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright.libpg_query)
endif()
# As in the sources, so that the links between the pages work.
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
        PATTERN node_modules EXCLUDE PATTERN __pycache__ EXCLUDE)
install(FILES compose.yaml Dockerfile DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(PREDEPLOY_MAINTAINER "The predeploy authors <predeploy@example.org>" CACHE STRING
    "who is responsible for a Debian package made here")
set(PREDEPLOY_HOMEPAGE "" CACHE STRING "address of the project, for the package; empty for none")

set(CPACK_PACKAGE_NAME predeploy)
set(CPACK_PACKAGE_VENDOR "The predeploy authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "gate between a git revision and a PostgreSQL database")
set(CPACK_PACKAGE_DESCRIPTION "predeploy checks the SQL migrations of a git revision, compares them with
what the database says was applied, asks for a backup when one is wanted,
applies all that is pending in one transaction, verifies and records it.
Every migration has a companion that takes it out again. The exit status
gates a deployment.

It works on the folders of drizzle-kit, golang-migrate, sqlx, Diesel, Prisma,
Flyway, dbmate and goose, and on plain SQL files.")
set(CPACK_PACKAGE_HOMEPAGE_URL "${PREDEPLOY_HOMEPAGE}")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${PREDEPLOY_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# It is loaded, not linked. The first name is Debian 13's.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcurl4t64 (>= 7.87) | libcurl4 (>= 7.87)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, git")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
