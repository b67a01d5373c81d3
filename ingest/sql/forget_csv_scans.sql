drop table if exists reject_scans
