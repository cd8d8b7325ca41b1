/* The commands of crmx, in the order of "crmx help". A new one: its file in control/commands/, one line in each list.
 */
#include "control/command.h"

extern const struct command command_init, command_layout_check, command_layout_list, command_layout_show, command_probe,
    command_run_initial, command_status, command_db_load, command_db_rebuild, command_db_psql, command_delivery_run,
    command_delivery_list, command_delivery_resolve, command_generation_list, command_generation_verify,
    command_generation_show, command_customer_show, command_source_show, command_identity_explain,
    command_identity_list, command_measure_compute, command_measure_verify, command_formula_functions,
    command_config_show, command_config_doc, command_version, command_help;

const struct command *const COMMANDS[] = {
    &command_init,
    &command_layout_check,
    &command_layout_list,
    &command_layout_show,
    &command_probe,
    &command_run_initial,
    &command_status,
    &command_db_load,
    &command_db_rebuild,
    &command_db_psql,
    &command_delivery_run,
    &command_delivery_list,
    &command_delivery_resolve,
    &command_generation_list,
    &command_generation_verify,
    &command_generation_show,
    &command_customer_show,
    &command_source_show,
    &command_identity_explain,
    &command_identity_list,
    &command_measure_compute,
    &command_measure_verify,
    &command_formula_functions,
    &command_config_show,
    &command_config_doc,
    &command_version,
    &command_help,
    NULL,
};
