#!/bin/sh
# What became of a Grid Engine job, in a word: running, success or failed.
#   status.sh JOB
answer=$(qstat -j "$1" 2>&1 </dev/null) && { echo running; exit; }
case $answer in
    *"do not exist"*) ;;
    # A master that does not answer says nothing about the job.
    *) echo running; exit ;;
esac

# Finished: the accounting, written some seconds later, says how.
record=$(qacct -j "$1" 2>/dev/null </dev/null | awk '$1 == "failed" || $1 == "exit_status" {print $1 "=" $2}')
gone=.snakemake/jobs/$1.gone
case $record in
    '')
        # A job deleted while it waited never gets there: a minute is enough.
        [ -e "$gone" ] || : > "$gone"
        [ -n "$(find "$gone" -mmin +1)" ] && echo failed || echo running
        ;;
    *failed=0*exit_status=0*) echo success ;;
    *) echo failed ;;
esac
