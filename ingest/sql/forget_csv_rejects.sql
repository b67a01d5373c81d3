drop table if exists reject_errors
