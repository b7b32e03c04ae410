#!/bin/sh
# What became of a SLURM job, in a word: running, success or failed.
#   status.sh JOB
answer=$(squeue --noheader --states=all --format=%T --jobs="$1" 2>&1)
case $answer in
    COMPLETED) echo success ;;
    # A controller that does not answer says nothing about the job.
    *"Unable to contact"* | *"timed out"* | *"Connection refused"*) echo running ;;
    PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | STOPPED | RESIZING | SIGNALING) echo running ;;
    STAGE_OUT | REQUEUED | REQUEUE_HOLD | REQUEUE_FED | RESV_DEL_HOLD | SPECIAL_EXIT) echo running ;;
    *) echo failed ;;
esac
